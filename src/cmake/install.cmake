# cmake --install: where the file system hierarchy wants things; what runs from share/ finds its
# neighbours by its own place.
set(share ${CMAKE_INSTALL_DATADIR}/mesasweep)
install(TARGETS mesasweep RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_BINARY_DIR}/mesasweep.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/mesasweep.bash RENAME mesasweep
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES README.md LICENSE src/json.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY sweeps slurm DESTINATION ${share})
install(DIRECTORY tools/reporting DESTINATION ${share}/tools FILES_MATCHING PATTERN "*.py")
install(FILES tools/mesasweep.py DESTINATION ${share}/tools)
install(PROGRAMS tools/report DESTINATION ${share}/tools)

# bin/mesasweep-report leads to the report, wherever both go together.
file(RELATIVE_PATH report ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/mesasweep/tools/report)
file(CREATE_LINK ${report} ${PROJECT_BINARY_DIR}/mesasweep-report SYMBOLIC)
install(FILES ${PROJECT_BINARY_DIR}/mesasweep-report DESTINATION ${CMAKE_INSTALL_BINDIR})
