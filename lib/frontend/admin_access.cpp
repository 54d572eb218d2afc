// Who may use the admin interface on the operator address: whoever has the token.
#include <openssl/crypto.h>

#include "base/bytes.hpp"
#include "frontend/admin_handlers.hpp"
#include "frontend/errors.hpp"
#include "frontend/routes.hpp"

namespace relay::frontend {
namespace {

constexpr std::string_view kScheme = "bearer ";

// Takes as long for a wrong token of the right length as for the right one.
bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<wire::HttpResponse> refuse_admin(const std::string& token, const wire::HttpRequest& request) {
  if (token.empty()) {
    return error_response(
        FrontEnd::kAdmin, 403, "admin_off",
        "the admin interface is off on this address: set operator.token_file, or use the admin socket");
  }
  const std::string given(request.header("Authorization").value_or(""));
  const bool bearer = equals_ignore_case(std::string_view(given).substr(0, kScheme.size()), kScheme);
  if (bearer && same(trim(std::string_view(given).substr(kScheme.size())), token)) return {};
  wire::HttpResponse response = error_response(FrontEnd::kAdmin, 401, "bad_token",
                                               "the admin interface wants the token of operator.token here");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace relay::frontend
