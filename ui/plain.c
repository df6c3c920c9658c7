/* SPDX-License-Identifier: MIT */
#include "plain.h"
