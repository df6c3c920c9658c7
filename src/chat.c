/* SPDX-License-Identifier: MIT */
#include "chat.h"
