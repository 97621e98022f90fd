# llhttp as the target sockade_llhttp: from a CMake package, else from pkg-config,
# else Debian's sources (package node-llhttp), which are compiled strict here. The
# library that a distribution ships is built strict or not as its packager chose;
# http/request_check.c does not rely on it.
find_package(llhttp CONFIG QUIET)
find_package(PkgConfig REQUIRED)
if(NOT llhttp_FOUND)
    pkg_check_modules(llhttp_pc QUIET IMPORTED_TARGET libllhttp)
endif()

set(SOCKADE_LLHTTP_SOURCES /usr/share/llhttp CACHE PATH "Folder of llhttp's generated C sources")
set(SOCKADE_LLHTTP_INCLUDE /usr/share/include/llhttp CACHE PATH "Folder of llhttp.h")

if(TARGET llhttp::llhttp_static)
    add_library(sockade_llhttp INTERFACE)
    target_link_libraries(sockade_llhttp INTERFACE llhttp::llhttp_static)
elseif(TARGET llhttp::llhttp_shared)
    add_library(sockade_llhttp INTERFACE)
    target_link_libraries(sockade_llhttp INTERFACE llhttp::llhttp_shared)
elseif(TARGET llhttp::llhttp)
    add_library(sockade_llhttp INTERFACE)
    target_link_libraries(sockade_llhttp INTERFACE llhttp::llhttp)
elseif(llhttp_pc_FOUND)
    add_library(sockade_llhttp INTERFACE)
    target_link_libraries(sockade_llhttp INTERFACE PkgConfig::llhttp_pc)
elseif(EXISTS ${SOCKADE_LLHTTP_SOURCES}/llhttp.c AND EXISTS ${SOCKADE_LLHTTP_INCLUDE}/llhttp.h)
    add_library(sockade_llhttp STATIC
        ${SOCKADE_LLHTTP_SOURCES}/api.c
        ${SOCKADE_LLHTTP_SOURCES}/http.c
        ${SOCKADE_LLHTTP_SOURCES}/llhttp.c)
    target_include_directories(sockade_llhttp SYSTEM PUBLIC ${SOCKADE_LLHTTP_INCLUDE})
    # PUBLIC: the header declares what the mode changes.
    target_compile_definitions(sockade_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    target_compile_options(sockade_llhttp PRIVATE -w)
else()
    message(FATAL_ERROR "llhttp not found: apt-get install node-llhttp (or a libllhttp package)")
endif()
