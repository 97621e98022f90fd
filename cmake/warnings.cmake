# The warnings of our own code; third-party code is built without them.
function(sockade_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wcast-qual
        -Wwrite-strings -Wundef -Wvla -Walloca -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
        -Wnull-dereference)
    if(SOCKADE_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${target} PRIVATE
            -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
    else()
        target_compile_options(${target} PRIVATE
            -Wconditional-uninitialized -Wcomma -Wunreachable-code)
    endif()
endfunction()
