/* SPDX-License-Identifier: MIT */
#include "safetensors.h"
