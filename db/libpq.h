#pragma once

#include <libpq-fe.h>

#include "core/shared_library.h"

namespace cluster::db {

/// The functions of libpq (https://www.postgresql.org/docs/15/libpq.html) that this folder calls,
/// under their own names. It is opened for an inventory on PostgreSQL alone: it and its libraries
/// take 2.5 ms.
struct Libpq {
  SharedLibrary library{"libpq.so.5", "libpq5"};

  // clang-format off: one function, one line
  decltype(&::PQcancel) PQcancel = library.symbol("PQcancel");
  decltype(&::PQclear) PQclear = library.symbol("PQclear");
  decltype(&::PQcmdTuples) PQcmdTuples = library.symbol("PQcmdTuples");
  decltype(&::PQconninfo) PQconninfo = library.symbol("PQconninfo");
  decltype(&::PQconninfoFree) PQconninfoFree = library.symbol("PQconninfoFree");
  decltype(&::PQconninfoParse) PQconninfoParse = library.symbol("PQconninfoParse");
  decltype(&::PQconnectPoll) PQconnectPoll = library.symbol("PQconnectPoll");
  decltype(&::PQconnectStartParams) PQconnectStartParams = library.symbol("PQconnectStartParams");
  decltype(&::PQconsumeInput) PQconsumeInput = library.symbol("PQconsumeInput");
  decltype(&::PQerrorMessage) PQerrorMessage = library.symbol("PQerrorMessage");
  decltype(&::PQescapeLiteral) PQescapeLiteral = library.symbol("PQescapeLiteral");
  decltype(&::PQfinish) PQfinish = library.symbol("PQfinish");
  decltype(&::PQfreeCancel) PQfreeCancel = library.symbol("PQfreeCancel");
  decltype(&::PQfreemem) PQfreemem = library.symbol("PQfreemem");
  decltype(&::PQgetCancel) PQgetCancel = library.symbol("PQgetCancel");
  decltype(&::PQgetisnull) PQgetisnull = library.symbol("PQgetisnull");
  decltype(&::PQgetlength) PQgetlength = library.symbol("PQgetlength");
  decltype(&::PQgetResult) PQgetResult = library.symbol("PQgetResult");
  decltype(&::PQgetvalue) PQgetvalue = library.symbol("PQgetvalue");
  decltype(&::PQisBusy) PQisBusy = library.symbol("PQisBusy");
  decltype(&::PQntuples) PQntuples = library.symbol("PQntuples");
  decltype(&::PQreset) PQreset = library.symbol("PQreset");
  decltype(&::PQresultErrorField) PQresultErrorField = library.symbol("PQresultErrorField");
  decltype(&::PQresultStatus) PQresultStatus = library.symbol("PQresultStatus");
  decltype(&::PQsendPrepare) PQsendPrepare = library.symbol("PQsendPrepare");
  decltype(&::PQsendQuery) PQsendQuery = library.symbol("PQsendQuery");
  decltype(&::PQsendQueryParams) PQsendQueryParams = library.symbol("PQsendQueryParams");
  decltype(&::PQsendQueryPrepared) PQsendQueryPrepared = library.symbol("PQsendQueryPrepared");
  decltype(&::PQsetNoticeReceiver) PQsetNoticeReceiver = library.symbol("PQsetNoticeReceiver");
  decltype(&::PQsocket) PQsocket = library.symbol("PQsocket");
  decltype(&::PQstatus) PQstatus = library.symbol("PQstatus");
  decltype(&::PQtransactionStatus) PQtransactionStatus = library.symbol("PQtransactionStatus");
  // clang-format on
};

/// Opens it at the first call. Throws Error(io) where it is not installed.
const Libpq& libpq();

}  // namespace cluster::db
