"""StarRocks: DDL, loaders, atomic replace, ledger, proof. pymysql is imported only when a function here is called."""
