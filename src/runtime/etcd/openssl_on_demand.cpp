// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL for the program `rollcall`, loaded when TLS is first used. Linked the ordinary way, it
// costs every agent 1.7 MB of resident memory at start, and only those whose registry is an etcd
// behind TLS ever call it. So the program answers for the functions it needs by itself, and each
// hands its caller on to the one of the same name in the system's library.
//
// Part of the program alone (CMakeLists.txt): the library leaves OpenSSL to whoever embeds it. A
// function that is missing here makes the linker take the system's library as it always does:
// nothing breaks, only the memory is spent again.
// Errors: std::runtime_error from the first call where the library cannot be loaded.
// Threads: any.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace {

constexpr int libssl_version = OPENSSL_SHLIB_VERSION;

[[noreturn]] void refuse(const std::string& what) {
  const char* why = dlerror();
  throw std::runtime_error(what + ": " + (why == nullptr ? "unknown reason" : why));
}

/// libssl, and libcrypto which it brings along. Never unloaded: it runs code at exit.
void* library() {
  static void* const handle = [] {
    const std::string name = "libssl.so." + std::to_string(libssl_version);
    void* opened = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) refuse(name + " cannot be loaded");
    return opened;
  }();
  return handle;
}

template <class Function>
Function* find(const char* name) {
  void* found = dlsym(library(), name);
  if (found == nullptr) refuse(std::string(name) + " is not in the OpenSSL of this machine");
  return reinterpret_cast<Function*>(found);
}

}  // namespace

// The compiler holds each of these against OpenSSL's own declaration.
// NOLINTBEGIN(cppcoreguidelines-macro-usage,bugprone-macro-parentheses)
#define ROLLCALL_ON_DEMAND(result, name, parameters, arguments) \
  extern "C" result name parameters {                           \
    static auto* const function = find<decltype(name)>(#name);  \
    return function arguments;                                  \
  }
// NOLINTEND(cppcoreguidelines-macro-usage,bugprone-macro-parentheses)

// clang-format off
ROLLCALL_ON_DEMAND(long, BIO_ctrl, (BIO* bio, int what, long number, void* more), (bio, what, number, more))
ROLLCALL_ON_DEMAND(size_t, BIO_ctrl_pending, (BIO* bio), (bio))
ROLLCALL_ON_DEMAND(int, BIO_free, (BIO* bio), (bio))
ROLLCALL_ON_DEMAND(int, BIO_new_bio_pair, (BIO** one, size_t one_size, BIO** other, size_t other_size), (one, one_size, other, other_size))
ROLLCALL_ON_DEMAND(int, BIO_read, (BIO* bio, void* to, int size), (bio, to, size))
ROLLCALL_ON_DEMAND(int, BIO_write, (BIO* bio, const void* from, int size), (bio, from, size))
ROLLCALL_ON_DEMAND(void, CRYPTO_free, (void* memory, const char* file, int line), (memory, file, line))
ROLLCALL_ON_DEMAND(void, ERR_clear_error, (), ())
ROLLCALL_ON_DEMAND(unsigned long, ERR_get_error, (), ())
ROLLCALL_ON_DEMAND(const char*, ERR_lib_error_string, (unsigned long error), (error))
ROLLCALL_ON_DEMAND(const char*, ERR_reason_error_string, (unsigned long error), (error))
ROLLCALL_ON_DEMAND(long, SSL_CTX_ctrl, (SSL_CTX* context, int what, long number, void* more), (context, what, number, more))
ROLLCALL_ON_DEMAND(void, SSL_CTX_free, (SSL_CTX* context), (context))
ROLLCALL_ON_DEMAND(void*, SSL_CTX_get_default_passwd_cb_userdata, (SSL_CTX* context), (context))
ROLLCALL_ON_DEMAND(void*, SSL_CTX_get_ex_data, (const SSL_CTX* context, int index), (context, index))
ROLLCALL_ON_DEMAND(SSL_verify_cb, SSL_CTX_get_verify_callback, (const SSL_CTX* context), (context))
ROLLCALL_ON_DEMAND(int, SSL_CTX_load_verify_locations, (SSL_CTX* context, const char* file, const char* directory), (context, file, directory))
ROLLCALL_ON_DEMAND(SSL_CTX*, SSL_CTX_new, (const SSL_METHOD* method), (method))
ROLLCALL_ON_DEMAND(void, SSL_CTX_set_default_passwd_cb_userdata, (SSL_CTX* context, void* data), (context, data))
ROLLCALL_ON_DEMAND(int, SSL_CTX_set_default_verify_paths, (SSL_CTX* context), (context))
ROLLCALL_ON_DEMAND(int, SSL_CTX_set_ex_data, (SSL_CTX* context, int index, void* data), (context, index, data))
ROLLCALL_ON_DEMAND(uint64_t, SSL_CTX_set_options, (SSL_CTX* context, uint64_t options), (context, options))
ROLLCALL_ON_DEMAND(void, SSL_CTX_set_verify, (SSL_CTX* context, int mode, SSL_verify_cb verify), (context, mode, verify))
ROLLCALL_ON_DEMAND(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX* context, const char* file, int type), (context, file, type))
ROLLCALL_ON_DEMAND(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX* context, const char* file), (context, file))
ROLLCALL_ON_DEMAND(int, SSL_accept, (SSL* ssl), (ssl))
ROLLCALL_ON_DEMAND(int, SSL_connect, (SSL* ssl), (ssl))
ROLLCALL_ON_DEMAND(long, SSL_ctrl, (SSL* ssl, int what, long number, void* more), (ssl, what, number, more))
ROLLCALL_ON_DEMAND(void, SSL_free, (SSL* ssl), (ssl))
ROLLCALL_ON_DEMAND(int, SSL_get_error, (const SSL* ssl, int result), (ssl, result))
ROLLCALL_ON_DEMAND(void*, SSL_get_ex_data, (const SSL* ssl, int index), (ssl, index))
ROLLCALL_ON_DEMAND(int, SSL_get_ex_data_X509_STORE_CTX_idx, (), ())
ROLLCALL_ON_DEMAND(int, SSL_get_shutdown, (const SSL* ssl), (ssl))
ROLLCALL_ON_DEMAND(int, SSL_get_verify_mode, (const SSL* ssl), (ssl))
ROLLCALL_ON_DEMAND(SSL*, SSL_new, (SSL_CTX* context), (context))
ROLLCALL_ON_DEMAND(int, SSL_read, (SSL* ssl, void* to, int size), (ssl, to, size))
ROLLCALL_ON_DEMAND(void, SSL_set_bio, (SSL* ssl, BIO* reading, BIO* writing), (ssl, reading, writing))
ROLLCALL_ON_DEMAND(int, SSL_set_ex_data, (SSL* ssl, int index, void* data), (ssl, index, data))
ROLLCALL_ON_DEMAND(void, SSL_set_verify, (SSL* ssl, int mode, SSL_verify_cb verify), (ssl, mode, verify))
ROLLCALL_ON_DEMAND(int, SSL_write, (SSL* ssl, const void* from, int size), (ssl, from, size))
ROLLCALL_ON_DEMAND(const SSL_METHOD*, TLS_client_method, (), ())
ROLLCALL_ON_DEMAND(const SSL_METHOD*, TLS_method, (), ())
ROLLCALL_ON_DEMAND(const SSL_METHOD*, TLS_server_method, (), ())
ROLLCALL_ON_DEMAND(X509*, X509_STORE_CTX_get_current_cert, (const X509_STORE_CTX* context), (context))
ROLLCALL_ON_DEMAND(int, X509_STORE_CTX_get_error_depth, (const X509_STORE_CTX* context), (context))
ROLLCALL_ON_DEMAND(void*, X509_STORE_CTX_get_ex_data, (const X509_STORE_CTX* context, int index), (context, index))
ROLLCALL_ON_DEMAND(int, X509_check_host, (X509* certificate, const char* host, size_t size, unsigned int flags, char** found), (certificate, host, size, flags, found))
ROLLCALL_ON_DEMAND(int, X509_check_ip_asc, (X509* certificate, const char* address, unsigned int flags), (certificate, address, flags))
// clang-format on

#undef ROLLCALL_ON_DEMAND
