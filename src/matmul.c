/* SPDX-License-Identifier: MIT */
#include "matmul.h"
