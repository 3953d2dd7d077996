"""The edge beside Kamailio on the same core, in the same run: CPU, throughput, latency; memory; where the time goes."""
