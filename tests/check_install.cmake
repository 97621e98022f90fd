# What `cmake --install` puts where: a unit without its user, or a policy file that the
# documentation names, would be missed only on somebody's host.
#
#   cmake -DBUILD=build/debug -DROOT=/empty/folder -P tests/check_install.cmake
file(REMOVE_RECURSE ${ROOT})
set(ENV{DESTDIR} ${ROOT})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix /usr
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "not installed:\n${output}")
endif()

foreach(file
        sbin/sockade
        lib/systemd/system/sockade.service
        lib/systemd/system/sockade.socket
        lib/sysusers.d/sockade.conf
        share/sockade/config/ci-runner.yaml
        share/man/man5/sockade.yaml.5
        share/man/man8/sockade.8)
    if(NOT EXISTS ${ROOT}/usr/${file})
        message(SEND_ERROR "/usr/${file} is not installed")
    endif()
endforeach()
