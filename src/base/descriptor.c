#include "base/descriptor.h"

#include <errno.h>
#include <unistd.h>

bool descriptor_write(int file, Str bytes) {
    while (bytes.length > 0) {
        ssize_t written = write(file, bytes.bytes, bytes.length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes.bytes += written;
            bytes.length -= (size_t)written;
        }
    }
    return true;
}
