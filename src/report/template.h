/* Text with parts to fill in.
 *
 *     <h1>{{check}}</h1>{{?error}}<p>{{error}}</p>{{/error}}
 *
 * {{name}} becomes what the part of that name writes; what stands from {{?name}} to the next {{/name}} is left out
 * where the part is not there. A name that no part has stays as it is, so that a test sees it.
 */
#ifndef REPORT_TEMPLATE_H
#define REPORT_TEMPLATE_H

#include "base/text.h"

typedef struct TemplatePart {
    const char *name;
    bool (*is_there)(const void *page); /* NULL: always */
    void (*write)(const void *page, Buf *out);
} TemplatePart;

void template_write(Str text, const TemplatePart *parts, size_t count, const void *page, Buf *out);

#endif
