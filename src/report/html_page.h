/* A result as one page for a browser, that needs nothing else: html/page.html with its parts filled in.
 *
 * Promises: no other file, no network: a Content-Security-Policy lets through the page's own style and script by their
 * hashes, and nothing more. Every text of the data, the spec and the servers is escaped (html_text.h). Without scripts
 * everything is there but filters and sorting, with the first PAGE_ROWS rows; colour is never the only sign.
 */
#ifndef REPORT_HTML_PAGE_H
#define REPORT_HTML_PAGE_H

#include "report/html_history.h"
#include "report/range_map.h"

enum { PAGE_ROWS = 100 }; /* a page of the table: PAGE of html/page.js */

typedef struct HtmlPage {
    const Result *result;
    const RangeMap *map; /* ended; NULL: nothing was planned */
    const Finding *findings;
    size_t finding_count;
    const RunPoint *runs; /* before this one, oldest first */
    size_t run_count;
    const char *plan;                  /* plan_text; NULL: not known */
    const char *old_place, *new_place; /* "shop on localhost:5432"; NULL: not known */
} HtmlPage;

void html_page_write(const HtmlPage *page, Buf *out);

#endif
