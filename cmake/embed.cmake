# Texts that a program carries in itself: SQL, shell, help pages. Each stays a file of its kind in the
# sources, with its highlighting and its linter, and is built in as a raw string literal.
#
#   embed_texts(VARIABLE FILE...)
#
# VARIABLE becomes the text of C++ initialisers, one a line, in the order of the files:
#     R"embed(the text of the file)embed",
# A source that is made by configure_file(NAME.cc.in NAME.cc @ONLY) has them at @VARIABLE@. With
# embed_named_texts() each is a pair of the file's name and its text:
#     {"prelude.sh", R"embed(the text of the file)embed"},
# CMake runs again when one of the files has changed.

function(embed_texts variable)
  set(texts "")
  foreach(file IN LISTS ARGN)
    _embed_literal(literal "${file}")
    string(APPEND texts "    ${literal},\n")
  endforeach()
  set(${variable} "${texts}" PARENT_SCOPE)
endfunction()

function(embed_named_texts variable)
  set(texts "")
  foreach(file IN LISTS ARGN)
    _embed_literal(literal "${file}")
    get_filename_component(name "${file}" NAME)
    string(APPEND texts "    {\"${name}\", ${literal}},\n")
  endforeach()
  set(${variable} "${texts}" PARENT_SCOPE)
endfunction()

function(_embed_literal variable file)
  get_filename_component(path "${file}" ABSOLUTE)
  file(READ "${path}" text)
  string(FIND "${text}" ")embed\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${path}: has the end of a raw string in it")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  set(${variable} "R\"embed(${text})embed\"" PARENT_SCOPE)
endfunction()
