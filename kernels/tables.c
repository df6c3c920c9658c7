/* SPDX-License-Identifier: MIT */
#include "kernels_internal.h"

const int8_t qins4_level[16] = {118,  93,   71,  53,  37,  24,  13,  3,
                                -127, -100, -77, -58, -42, -28, -16, -6};

const int8_t qins3_level[8] = {115, 67, 32, 8, -127, -75, -38, -12};
const int8_t qins2_level[4] = {103, 21, -127, -33};

const float qins4_fraction[16] = {
    0x1p+0f,        0x1.ea4afap-1f, 0x1.d5818ep-1f, 0x1.c199bep-1f, 0x1.ae89fap-1f, 0x1.9c4918p-1f,
    0x1.8ace54p-1f, 0x1.7a1148p-1f, 0x1.6a09e6p-1f, 0x1.5ab07ep-1f, 0x1.4bfdaep-1f, 0x1.3dea64p-1f,
    0x1.306fep-1f,  0x1.2387a6p-1f, 0x1.172b84p-1f, 0x1.0b5586p-1f,
};

const float qins8_value[128] = {
    0x1p+0f,        0x1.f449fcp-1f,  0x1.e8d434p-1f, 0x1.dd9d4ap-1f, 0x1.d2a3e4p-1f, 0x1.c7e6b2p-1f,
    0x1.bd646ap-1f, 0x1.b31bc6p-1f,  0x1.a90b8cp-1f, 0x1.9f3286p-1f, 0x1.958f86p-1f, 0x1.8c2162p-1f,
    0x1.82e6f8p-1f, 0x1.79df2ep-1f,  0x1.7108eep-1f, 0x1.686326p-1f, 0x1.5fecdp-1f,  0x1.57a4e4p-1f,
    0x1.4f8a66p-1f, 0x1.479c5ap-1f,  0x1.3fd9dp-1f,  0x1.3841d6p-1f, 0x1.30d384p-1f, 0x1.298df6p-1f,
    0x1.22704cp-1f, 0x1.1b79aap-1f,  0x1.14a93ap-1f, 0x1.0dfe2cp-1f, 0x1.0777b2p-1f, 0x1.011504p-1f,
    0x1.f5aab8p-2f, 0x1.e96ff6p-2f,  0x1.dd784cp-2f, 0x1.d1c248p-2f, 0x1.c64c8p-2f,  0x1.bb1596p-2f,
    0x1.b01c32p-2f, 0x1.a55efep-2f,  0x1.9adcb6p-2f, 0x1.909412p-2f, 0x1.8683d8p-2f, 0x1.7caad2p-2f,
    0x1.7307d2p-2f, 0x1.6999aep-2f,  0x1.605f44p-2f, 0x1.57577ap-2f, 0x1.4e813ap-2f, 0x1.45db72p-2f,
    0x1.3d651cp-2f, 0x1.351d3p-2f,   0x1.2d02b2p-2f, 0x1.2514a8p-2f, 0x1.1d521cp-2f, 0x1.15ba22p-2f,
    0x1.0e4bdp-2f,  0x1.070642p-2f,  0x1.ffd12ep-3f, 0x1.f1e3eap-3f, 0x1.e4430cp-3f, 0x1.d6ecfp-3f,
    0x1.c9dffcp-3f, 0x1.bd1a9ep-3f,  0x1.b09b5p-3f,  0x1.a4609p-3f,  0x1.9868e4p-3f, 0x1.8cb2ep-3f,
    0x1.813d18p-3f, 0x1.76062ep-3f,  0x1.6b0ccap-3f, 0x1.604f98p-3f, 0x1.55cd4ep-3f, 0x1.4b84aap-3f,
    0x1.41747p-3f,  0x1.379b6ap-3f,  0x1.2df86ap-3f, 0x1.248a46p-3f, 0x1.1b4fdcp-3f, 0x1.124812p-3f,
    0x1.0971d2p-3f, 0x1.00cc0cp-3f,  0x1.f0ab68p-4f, 0x1.e01b92p-4f, 0x1.cfe694p-4f, 0x1.c00a7ep-4f,
    0x1.b08568p-4f, 0x1.a15576p-4f,  0x1.9278d2p-4f, 0x1.83edb4p-4f, 0x1.75b26p-4f,  0x1.67c51cp-4f,
    0x1.5a243cp-4f, 0x1.4cce2p-4f,   0x1.3fc12cp-4f, 0x1.32fbdp-4f,  0x1.267c8p-4f,  0x1.1a41cp-4f,
    0x1.0e4a14p-4f, 0x1.02941p-4f,   0x1.ee3c92p-5f, 0x1.d7cebep-5f, 0x1.c1dbf4p-5f, 0x1.ac619p-5f,
    0x1.975cfep-5f, 0x1.82cbb6p-5f,  0x1.6eab42p-5f, 0x1.5af936p-5f, 0x1.47b334p-5f, 0x1.34d6ecp-5f,
    0x1.22621ap-5f, 0x1.105286p-5f,  0x1.fd4c0ap-6f, 0x1.dab4eep-6f, 0x1.b8db92p-6f, 0x1.97bbe4p-6f,
    0x1.7751eap-6f, 0x1.5799cp-6f,   0x1.388f94p-6f, 0x1.1a2faep-6f, 0x1.f8ecccp-7f, 0x1.bec058p-7f,
    0x1.85d302p-7f, 0x1.4e1dfp-7f,   0x1.179a76p-7f, 0x1.c4840ap-8f, 0x1.5c1c6cp-8f, 0x1.ebe308p-9f,
    0x1.23ee1cp-9f, 0x1.81083ep-11f,
};

const uint8_t qins8_magnitude[128] = {
    255, 249, 243, 238, 232, 227, 222, 217, 212, 207, 202, 197, 193, 188, 184, 179, 175, 171, 167,
    163, 159, 156, 152, 148, 145, 141, 138, 134, 131, 128, 125, 122, 119, 116, 113, 110, 108, 105,
    102, 100, 97,  95,  92,  90,  88,  86,  83,  81,  79,  77,  75,  73,  71,  69,  67,  65,  64,
    62,  60,  59,  57,  55,  54,  52,  51,  49,  48,  47,  45,  44,  43,  41,  40,  39,  38,  36,
    35,  34,  33,  32,  31,  30,  29,  28,  27,  26,  25,  24,  23,  22,  22,  21,  20,  19,  18,
    18,  17,  16,  15,  15,  14,  13,  13,  12,  11,  11,  10,  10,  9,   8,   8,   7,   7,   6,
    6,   5,   5,   4,   4,   3,   3,   3,   2,   2,   1,   1,   1,   0,
};

const int16_t qins8_fine[16] = {420, 411, 402, 394, 385, 377, 369, 361,
                                353, 346, 338, 331, 324, 317, 310, 303};

const int16_t qins8_coarse[16] = {21219,  14998,  10598,  7488,  5288,  3733,  2633,  1855,
                                  -21219, -14998, -10598, -7488, -5288, -3733, -2633, -1855};
