/* Read-repair: a row is looked at by its key, and mended where the two sides are apart:
 *
 *     cc read_repair.c $(pkg-config --cflags --libs twofold) -o read_repair && ./read_repair spec.yaml 42
 *
 * The spec says which side is right (repair: {trust: old}). Prints what became of the row; the exit status is 0 where
 * both sides agree now.
 */
#include <twofold/repair.h>

#include <stdio.h>

int main(int argc, char **argv) {
    TfRepairOptions options = {.write = true, .settle_seconds = 1};
    TfRepair *repair;
    TfRepairedRow row;
    TfError error;
    if (argc < 3) {
        fprintf(stderr, "usage: read_repair SPEC KEY...\n");
        return 3;
    }
    if (!tf_repair_open(argv[1], &options, &repair, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    bool good = tf_repair_key(repair, (const char *const *)argv + 2, (size_t)argc - 2, &row, &error);
    tf_repair_close(repair);
    if (!good) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    printf("%s%s%s\n", tf_outcome_name(row.outcome), row.reason[0] == '\0' ? "" : ": ", row.reason);
    return row.outcome == TF_REPAIRED || row.outcome == TF_ALREADY_EQUAL ? 0 : 1;
}
