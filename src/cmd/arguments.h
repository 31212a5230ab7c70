/* The words of the command line, where only this process reads them. */
#ifndef CMD_ARGUMENTS_H
#define CMD_ARGUMENTS_H

#include "base/arena.h"

/* Copies all words, then overwrites those of `argv` that may hold a password with what people may see: every user of
 * the machine can read another's arguments (ps). `init` and --ledger take URLs. */
char **arguments_take(Arena *arena, int argc, char **argv);

#endif
