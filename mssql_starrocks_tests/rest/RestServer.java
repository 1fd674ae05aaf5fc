import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Iceberg's own REST catalog for tests, on loopback only (its RESTCatalogServer binds every interface). */
public class RestServer {
  public static void main(String[] folder) throws Exception {
    Map<String, String> backend = Map.of(
        "type", "jdbc", "uri", "jdbc:sqlite:" + folder[0] + "/rest.db", "warehouse", "file://" + folder[0] + "/warehouse",
        "io-impl", "org.apache.iceberg.hadoop.HadoopFileIO", "jdbc.schema-version", "V1");
    var catalog = CatalogUtil.buildIcebergCatalog("rest", backend, new Configuration());
    var context = new ServletContextHandler();
    context.addServlet(new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(catalog))), "/*");
    var server = new Server(new InetSocketAddress("127.0.0.1", 0));
    server.setHandler(context);
    server.start();
    System.out.println("port " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    System.in.read();  // ends with the process that started it
    System.exit(0);
  }
}
