# Whole-build flags: hardening, sanitizers, coverage. NDEBUG is never set: the
# assertions stay in the very build that faces attackers.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_MINSIZEREL "${CMAKE_C_FLAGS_MINSIZEREL}")

# What costs as much as it checks is done where it is tested, not where it serves.
if(SOCKADE_FUZZ OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions(SOCKADE_SELF_CHECKS)
endif()

add_compile_options(-fno-strict-aliasing -fno-delete-null-pointer-checks)
if(SOCKADE_SANITIZE)
    add_compile_options(-fsanitize=${SOCKADE_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SOCKADE_SANITIZE})
else()
    add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
    if(CMAKE_BUILD_TYPE MATCHES "Rel")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    endif()
    # Across files: many of the functions that look at bytes are a few instructions long.
    if(CMAKE_BUILD_TYPE MATCHES "Rel")
        include(CheckIPOSupported)
        check_ipo_supported(RESULT has_ipo OUTPUT ignored)
        set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${has_ipo})
    endif()
    add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(SOCKADE_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
if(SOCKADE_FUZZ)
    # the code under test tells libFuzzer what it covers; only harnesses get its main()
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
