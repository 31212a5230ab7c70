/* Every command once. To add one: a file cmd/cmd_NAME.c, a line here, a row in main.c and its FOR_ bit in options.h. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/options.h"

typedef struct Commands {
    const Command *commands;
    size_t count;
} Commands;

Commands commands_all(void);

Exit cmd_check(const Options *options);
Exit cmd_plan(const Options *options);
Exit cmd_look(const Options *options);
Exit cmd_gate(const Options *options);
Exit cmd_repair(const Options *options);
Exit cmd_history(const Options *options);
Exit cmd_init(const Options *options);
Exit cmd_undo(const Options *options);
Exit cmd_show(const Options *options);
Exit cmd_prove(const Options *options);
Exit cmd_help(const Options *options);

#endif
