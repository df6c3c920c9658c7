{ lib, stdenv, meson, ninja, pkg-config, python3, cmocka, curl, jansson, libmicrohttpd, libyaml
, md4c, ncurses, openblas, openssl, pcre2, sqlite, utf8proc, zstd }:

stdenv.mkDerivation (finalAttrs: {
  pname = "qins-tui";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  nativeBuildInputs = [ meson ninja pkg-config python3 ];
  buildInputs =
    [ curl jansson libmicrohttpd libyaml md4c ncurses openblas openssl pcre2 sqlite utf8proc zstd ];
  checkInputs = [ cmocka ];

  mesonBuildType = "release";
  mesonFlags = [
    (lib.mesonBool "source_data" false)
    (lib.mesonBool "tests" finalAttrs.doCheck)
    (lib.mesonBool "emulated" false)
    (lib.mesonEnable "net" true)
    (lib.mesonEnable "zstd" true)
  ];
  postPatch = "patchShebangs script tests";

  doCheck = true;
  env.QINS_SHARED = "/nonexistent"; # reference models; tests that need them skip
  mesonCheckFlags = [ "--suite" "unit" "--suite" "kernels" "--timeout-multiplier" "4" ];

  meta = {
    description = "Chat with language models on your own CPU, in the terminal";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
    mainProgram = "qins-tui";
  };
})
