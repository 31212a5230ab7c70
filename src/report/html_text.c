/* Text that goes into a page (promises: html_text.h). */
#include "report/html_text.h"

#include "report/shown.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

void html_shown(Str text, Buf *out) {
    static const char *const names[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if (c < 128 && names[c] != NULL) {
            buf_text(out, names[c]);
        } else {
            buf_char(out, (char)c);
        }
    }
}

void html_text(Str text, Buf *out) {
    Buf shown = {0};
    shown_text(text, &shown);
    html_shown(buf_view(&shown), out);
    buf_free(&shown);
}

void html_string(const char *text, Buf *out) {
    html_text(str_of(text), out);
}

/* In JSON these stand inside strings only, where an escape means the same. U+2028 and U+2029 end a line of script. */
void html_json(Str json, Buf *out) {
    for (size_t i = 0; i < json.length; i++) {
        char c = json.bytes[i];
        if (c == '<' || c == '>' || c == '&') {
            buf_printf(out, "\\u%04x", (unsigned)c);
        } else if (json.length - i >= 3 && memcmp(json.bytes + i, "\xE2\x80\xA8", 3) == 0) {
            buf_text(out, "\\u2028");
            i += 2;
        } else if (json.length - i >= 3 && memcmp(json.bytes + i, "\xE2\x80\xA9", 3) == 0) {
            buf_text(out, "\\u2029");
            i += 2;
        } else {
            buf_char(out, c);
        }
    }
}

void html_hash(Str content, Buf *out) {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    unsigned char base64[SHA256_DIGEST_LENGTH * 2];
    SHA256((const unsigned char *)content.bytes, content.length, hash);
    EVP_EncodeBlock(base64, hash, sizeof(hash));
    buf_printf(out, "'sha256-%s'", (const char *)base64);
}
