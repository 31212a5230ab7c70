/* How long a difference that may be traffic is looked at again, by a check and by a repair. */
#ifndef CHECK_SETTLE_TIMES_H
#define CHECK_SETTLE_TIMES_H

enum {
    SETTLE_LOOKS = 2,  /* after the first sight, that must see the same */
    SETTLE_PAUSES = 4, /* 1/16, 1/8, 1/4 and 1/2 of the settle time */
    SETTLE_DEFAULT_US = 10000000,
};

#endif
