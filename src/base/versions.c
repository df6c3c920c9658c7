/* SPDX-License-Identifier: MIT */
#include "versions.h"

#include <cblas.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <string.h>
#include <utf8proc.h>
#include <yaml.h>

void versions_append(struct buf *out, const char *program)
{
    const char *crypto = OpenSSL_version(OPENSSL_VERSION); /* "OpenSSL 3.0.15 3 Sep 2024" */
    const char *crypto_end = strchr(crypto, ' ');
    crypto_end = crypto_end ? strchr(crypto_end + 1, ' ') : NULL;
    buf_printf(out, "%s %s\n", program, QINS_VERSION);
    buf_printf(out, "libraries: jansson %s, libyaml %s, utf8proc %s, %.*s", jansson_version_str(),
               yaml_get_version_string(), utf8proc_version(),
               (int)(crypto_end ? crypto_end - crypto : (long)strlen(crypto)), crypto);
#ifdef OPENBLAS_VERSION
    char *blas = openblas_get_config(); /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." */
    char *blas_end = strchr(blas, ' ');
    blas_end = blas_end ? strchr(blas_end + 1, ' ') : NULL;
    buf_printf(out, ", %.*s", (int)(blas_end ? blas_end - blas : (long)strlen(blas)), blas);
#endif
    buf_puts(out, "\n");
}
