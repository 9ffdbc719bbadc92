/* The other generation of the library, as on an RDK S100: enough of it to be recognised. */
#include <stdint.h>

const char *hbDNNGetVersion(void) { return "3.5.0"; }
int32_t hbDNNInferV2(void) { return 0; }
int32_t hbUCPSubmitTask(void) { return 0; }
