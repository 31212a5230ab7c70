/* Command-line options as the pipeline takes them. */
#ifndef CMD_CHECK_OPTIONS_H
#define CMD_CHECK_OPTIONS_H

#include "check/check.h"
#include "cmd/options.h"

CheckOptions check_options_of(const Options *options);

#endif
