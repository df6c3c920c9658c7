/* SPDX-License-Identifier: MIT
 *
 * referral: what the starter model must not answer by itself, because it is too small to be right:
 * danger, poison, medicine, self-harm, violence, children in need, sums. The program says in its
 * place where real help is. Only plain cases are known here, and stories that are asked for stay
 * stories; what this does not know is left to the model, whose training has the same answers.
 */
#ifndef QINS_REFERRAL_H
#define QINS_REFERRAL_H

/* A message of the user; of a long one its first and its last REFERRAL_MAX / 2 bytes count. -> the
 * answer, a static text; NULL: the model may answer */
enum { REFERRAL_MAX = 4096 };
const char *referral_for(const char *message);

#endif
