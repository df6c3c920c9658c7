/* SPDX-License-Identifier: MIT */
#include "sampler.h"
