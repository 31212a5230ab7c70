/* A check inside another program:
 *
 *     cc embed.c $(pkg-config --cflags --libs twofold) -o embed && ./embed spec.yaml
 *
 * Prints the verdict and the keys of the rows that disagree; the exit status is that of `twofold check`.
 */
#include <twofold/check.h>

#include <stdio.h>

static void show(void *user, const TfFinding *finding) {
    (void)user;
    for (size_t i = 0; i < finding->key_count; i++) {
        printf("%s%s", i == 0 ? "" : ", ", finding->key[i] == NULL ? "null" : finding->key[i]);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    TfCheckOptions options = {.finding = show};
    TfSummary summary;
    TfError error;
    if (argc != 2) {
        fprintf(stderr, "usage: embed SPEC\n");
        return 3;
    }
    if (!tf_check(argv[1], &options, &summary, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    printf("%s: %s\n", tf_verdict_name(summary.verdict), summary.reason);
    return (int)summary.verdict;
}
