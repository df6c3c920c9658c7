{ lib, stdenv, meson, ninja, pkg-config, python3, cmocka, jansson, libyaml, md4c, ncurses, openblas
, openssl, pcre2, sqlite, utf8proc }:

stdenv.mkDerivation {
  pname = "qins-tui";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  nativeBuildInputs = [ meson ninja pkg-config python3 ];
  buildInputs = [ jansson libyaml md4c ncurses openblas openssl pcre2 sqlite utf8proc ];
  checkInputs = [ cmocka ];

  mesonBuildType = "release";
  mesonFlags = [ (lib.mesonBool "source_data" false) ];
  postPatch = "patchShebangs script";

  doCheck = true;
  QINS_SHARED = "/nonexistent"; # reference models; tests that need them skip
  mesonCheckFlags = [ "--suite" "unit" "--suite" "kernels" "--timeout-multiplier" "4" ];

  meta = {
    description = "Chat with language models on your own CPU, in the terminal";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
    mainProgram = "qins-tui";
  };
}
