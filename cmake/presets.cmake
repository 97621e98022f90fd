# The policies of config/ as a C source, so that "sockade init" has them wherever the
# program is: cmake -DCONFIG=FOLDER -DOUTPUT=FILE -P presets.cmake
file(GLOB files ${CONFIG}/*.yaml)
list(SORT files)
set(arrays "")
set(rows "")
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(MAKE_C_IDENTIFIER ${name} identifier)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    # Bytes above 127 are negative chars.
    string(APPEND arrays "static const unsigned char ${identifier}[] = {\n${bytes}};\n\n")
    string(APPEND rows "    {\"${name}\", {(const char *)${identifier}, sizeof(${identifier})}},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from config/*.yaml by cmake/presets.cmake.\n#include \"cli/presets.h\"\n\n"
    "${arrays}const struct preset presets[] = {\n${rows}    {0}};\n")
