# For a tap: brew install --build-from-source TAP/qins-tui. Built where it runs, so that nothing is
# quarantined and nothing needs signing. Whoever hosts the project puts its address into homepage and
# url, and the release's checksum (shasum -a 256) into sha256.
class QinsTui < Formula
  desc "Chat with language models on your own CPU, in the terminal"
  homepage "https://example.invalid/qins-tui"
  url "https://example.invalid/qins-tui/qins-tui-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "meson" => :build
  depends_on "ninja" => :build
  depends_on "pkgconf" => :build
  depends_on "jansson"
  depends_on "libmicrohttpd"
  depends_on "libyaml"
  depends_on "md4c"
  depends_on "ncurses"
  depends_on "openblas"
  depends_on "openssl@3"
  depends_on "pcre2"
  depends_on "sqlite"
  depends_on "utf8proc"
  depends_on "zstd"

  uses_from_macos "python" => :build
  uses_from_macos "curl"

  def install
    system "meson", "setup", "build", "-Dsource_data=false", "-Dtests=false", "-Dnet=enabled",
           "-Dzstd=enabled", *std_meson_args
    system "meson", "compile", "-C", "build", "--verbose"
    system "meson", "install", "-C", "build"
  end

  test do
    ENV["HOME"] = testpath
    assert_match version.to_s, shell_output("#{bin}/qins-tui --version")
    assert_match(/cat/i, shell_output("#{bin}/qins-tui -p 'Tell me a story about a cat.' --seed 1"))
  end
end
