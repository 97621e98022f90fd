# docs/fields.md and docs/buildkit-fields.md say what the tables say.
execute_process(COMMAND ${PROGRAM} --markdown OUTPUT_FILE ${MADE} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} --markdown failed")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${MADE} ${KEPT} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${KEPT} is stale: cp ${MADE} ${KEPT}")
endif()
