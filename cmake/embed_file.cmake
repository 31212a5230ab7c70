# cmake -DFILE=... -DNAME=... -DOUTPUT=... -P embed_file.cmake: the bytes of FILE as a C array.

file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"report/html_assets.h\"\n\nstatic const unsigned char bytes[] = {\n${bytes}0};\n
const Str ${NAME} = {(const char *)bytes, sizeof(bytes) - 1};\n")
