#include "report/report.h"

#include <string.h>

void *report_kept(const ReportOrder *order, size_t bytes) {
    if (*order->kept == NULL) {
        *order->kept = memset(mem_alloc(bytes), 0, bytes);
    }
    return *order->kept;
}
