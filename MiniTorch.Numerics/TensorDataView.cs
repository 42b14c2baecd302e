using Microsoft.ML;
using Microsoft.ML.Data;

namespace MiniTorch.Data;

/// <summary>The tensors of a data set as ML.NET's columns.</summary>
internal sealed class TensorDataView : IDataView
{
    private readonly TensorDataset _dataset;

    public TensorDataView(TensorDataset dataset, string[] columns)
    {
        _dataset = dataset;
        var schema = new DataViewSchema.Builder();
        for (int i = 0; i < columns.Length; i++)
        {
            PrimitiveDataViewType item = dataset.Tensors[i].DType switch
            {
                DType.Float32 => NumberDataViewType.Single,
                DType.Float64 => NumberDataViewType.Double,
                DType.Int64 => NumberDataViewType.Int64,
                _ => BooleanDataViewType.Instance,
            };
            schema.AddColumn(columns[i], dataset.Tensors[i].Rank == 1 ? item : new VectorDataViewType(item, dataset.Tensors[i].Shape.ToArray()[1..]));
        }
        Schema = schema.ToSchema();
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _dataset.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [new Cursor(this, rand)];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly TensorDataView _view;
        private readonly int[] _rows; // in their order
        private int _position = -1;

        public Cursor(TensorDataView view, Random? random)
        {
            (_view, _rows) = (view, [.. Enumerable.Range(0, view._dataset.Count)]);
            random?.Shuffle(_rows);
        }

        public override long Position => _position;

        public override long Batch => 0;

        public override DataViewSchema Schema => _view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override bool MoveNext()
        {
            if (_position == _rows.Length - 1) return false;
            _position++;
            return true;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_rows[_position], 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Tensor tensor = _view._dataset.Tensors[column.Index];
            Delegate getter = tensor.DType switch
            {
                DType.Float32 => Getter<float>(tensor),
                DType.Float64 => Getter<double>(tensor),
                DType.Int64 => Getter<long>(tensor),
                _ => Getter<bool>(tensor),
            };
            return getter as ValueGetter<TValue>
                ?? throw new ArgumentException($"column '{column.Name}' is {column.Type} and cannot be read as {typeof(TValue)}", nameof(column));
        }

        private Delegate Getter<T>(Tensor tensor) where T : unmanaged
        {
            if (tensor.Rank == 1) return (ValueGetter<T>)((ref T value) => value = tensor[_rows[_position]].Item<T>());
            int size = (int)(tensor.ElementCount / Math.Max(tensor.Shape[0], 1));
            return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> row) => row = new VBuffer<T>(size, tensor[_rows[_position]].ToArray<T>()));
        }
    }
}
