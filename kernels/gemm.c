/* SPDX-License-Identifier: MIT */
#include "kernels.h"
