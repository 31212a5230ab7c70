/* Text that goes into a page.
 *
 * Promises: whatever bytes come in, nothing that comes out ends a text, an attribute or a script, and nothing hides:
 * controls and characters without a shape are written as shown_text writes them (\n, \u200b).
 */
#ifndef REPORT_HTML_TEXT_H
#define REPORT_HTML_TEXT_H

#include "base/text.h"

/* For the text of an element, and for attributes in double quotes. */
void html_text(Str text, Buf *out);
/* The same for what shown_* wrote, whose escapes stay as they are. */
void html_shown(Str shown, Buf *out);
void html_string(const char *text, Buf *out);
/* JSON that stands inside <script type="application/json">. */
void html_json(Str json, Buf *out);
/* 'sha256-...', by which a Content-Security-Policy lets this inline style or script through, and no other. */
void html_hash(Str content, Buf *out);

#endif
