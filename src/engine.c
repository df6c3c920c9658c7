/* SPDX-License-Identifier: MIT */
#include "engine.h"
