/* Nothing. librdkafka 2.12 asks for this header even where it is built without curl (`#ifdef` of what is defined as 0 in
 * its rdkafka_conf.c), and uses nothing of it then. `.cargo/config.toml` has the compiler look here. */
