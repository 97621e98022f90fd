# nghttp2, with the limits that a hostile peer is held to: upstream has them since 1.57 and 1.61,
# Debian 12 in its security updates.
pkg_check_modules(libnghttp2 REQUIRED IMPORTED_TARGET libnghttp2)

include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::libnghttp2)
foreach(limit nghttp2_option_set_max_settings nghttp2_option_set_max_outbound_ack
        nghttp2_option_set_stream_reset_rate_limit nghttp2_option_set_max_continuations)
    check_symbol_exists(${limit} nghttp2/nghttp2.h HAVE_${limit})
    if(NOT HAVE_${limit})
        message(FATAL_ERROR "this nghttp2 has no ${limit}(): install its security updates")
    endif()
endforeach()
unset(CMAKE_REQUIRED_LIBRARIES)
