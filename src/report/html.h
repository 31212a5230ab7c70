/* The result as a page for a browser: --html FILE (html_page.h says what is in it).
 *
 * Holds every finding up to HTML_FINDINGS, or as many as fit HTML_BYTES of memory, drawn evenly where there are more;
 * at the result, the page as well.
 * The file is replaced as a whole, and private: it holds rows of people's data.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/html_history.h"

enum { HTML_FINDINGS = 100000, HTML_BYTES = 160 << 20 };

/* What neither plan nor result say; all of it must outlive the sink. */
typedef struct HtmlOptions {
    const char *path;     /* "-" is standard output */
    const RunPoint *runs; /* before this one, oldest first */
    size_t run_count;
    const char *plan;                      /* plan_text; NULL: not planned */
    const SourceInfo *old_info, *new_info; /* engine NULL: not opened */
} HtmlOptions;

Sink *html_sink_open(const HtmlOptions *options);

#endif
