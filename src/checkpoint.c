/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"
