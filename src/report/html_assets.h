/* The files of src/report/html/, as cmake/embed.cmake puts them into the program. */
#ifndef REPORT_HTML_ASSETS_H
#define REPORT_HTML_ASSETS_H

#include "base/text.h"

extern const Str page_html, page_css, page_js;

#endif
