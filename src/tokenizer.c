/* SPDX-License-Identifier: MIT */
#include "tokenizer.h"
