# Built only when asked for: tests/bench/run.sh evaluator.
add_executable(bench_evaluate EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/bench/evaluate.c)
target_link_libraries(bench_evaluate PRIVATE twofold_objects)
set_target_properties(bench_evaluate PROPERTIES OUTPUT_NAME evaluate)
