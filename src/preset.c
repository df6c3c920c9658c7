/* SPDX-License-Identifier: MIT */
#include "preset.h"
