/* Parts of a page that are made of a result's figures: summary, breakdowns, filters' options, how it was computed.
 *
 * `page` is an HtmlPage; the signatures are those of template.h.
 */
#ifndef REPORT_HTML_PARTS_H
#define REPORT_HTML_PARTS_H

#include "base/text.h"

void html_tiles(const void *page, Buf *out);
void html_facts(const void *page, Buf *out);

bool html_has_damage(const void *page);
bool html_has_columns(const void *page);
void html_columns(const void *page, Buf *out);
bool html_has_invariants(const void *page);
void html_invariants(const void *page, Buf *out);
bool html_has_causes(const void *page);
void html_causes(const void *page, Buf *out);

void html_kind_options(const void *page, Buf *out);
void html_column_options(const void *page, Buf *out);
void html_invariant_options(const void *page, Buf *out);
void html_cause_options(const void *page, Buf *out);

void html_computed(const void *page, Buf *out);
bool html_has_invariant_texts(const void *page);
void html_invariant_texts(const void *page, Buf *out);

#endif
